"""Random values as JSON and as Python writes them, one a line: python3 literals.py SEED COUNT"""

import ast
import json
import random
import sys
import unicodedata

dice = random.Random(int(sys.argv[1]))


def character():
    kind = dice.random()
    if kind < 0.5:
        return chr(dice.randrange(0x20, 0x7F))
    if kind < 0.7:
        return dice.choice("'\"\\\n\r\t\0\x07\x1b\x7f\x85\xa0\xad\u200b\u2028\u3000\ufeff\ud800\udfff")
    # What one Unicode version has and the other not is written in two ways, both right.
    while True:
        code = dice.randrange(0x80, 0x110000 if kind < 0.85 else 0x3000)
        if unicodedata.category(chr(code)) != "Cn":
            return chr(code)


def text():
    return "".join(character() for _ in range(dice.choice([0, 1, 3, 12, 40])))


def number():
    kind = dice.random()
    if kind < 0.3:
        return dice.randrange(-10, 1000)
    if kind < 0.45:
        return dice.randrange(-(10 ** dice.randrange(1, 60)), 10 ** dice.randrange(1, 60))
    if kind < 0.6:
        return float(dice.randrange(-100, 10 ** dice.randrange(1, 22)))
    return dice.uniform(-1, 1) * 10.0 ** dice.randrange(-320, 308)


def value(depth=0):
    kind = dice.random()
    if depth < 5 and kind < 0.25:
        return [value(depth + 1) for _ in range(dice.randrange(5))]
    if depth < 5 and kind < 0.5:
        names = (str(dice.randrange(200)) if dice.random() < 0.2 else text() for _ in range(dice.randrange(5)))
        return {name: value(depth + 1) for name in names}
    if kind < 0.75:
        return text()
    if kind < 0.9:
        return number()
    return dice.choice([None, True, False, 0.0, -0.0, 1.0, 1e16, 1e15, 1e-4, 1e-5, 2**53, -(2**63)])


PIECES = list("'\"\\[]{}(),:+-._ #xXoObBeEjrRuU01789\t") + ["\\x4", "\\u12", "'''", '"""', "None", "True", "\\101"]


def damaged(literal):
    for _ in range(dice.randrange(1, 4)):
        at = dice.randrange(len(literal) + 1)
        piece = dice.choice(PIECES + ["", literal[at:] + literal[:at]])
        literal = literal[:at] + piece + literal[at + dice.randrange(3) :]
    return literal


def plain(read):
    """What JSON can hold as JSON; else a TypeError."""
    if isinstance(read, (set, bytes, complex)) or read is ...:
        raise TypeError
    if isinstance(read, dict):
        if any(not isinstance(name, str) for name in read):
            raise TypeError
        return {name: plain(item) for name, item in read.items()}
    if isinstance(read, (list, tuple)):
        return [plain(item) for item in read]
    if isinstance(read, float) and read - read != 0:
        raise TypeError
    return read


def evaluated(literal):
    try:
        read = ast.literal_eval(literal)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    try:
        return json.dumps(plain(read))
    except TypeError:
        return "?"


for _ in range(int(sys.argv[2])):
    # Through JSON, where halves of a character that meet are one.
    it = json.loads(json.dumps(value()))
    damages = [damaged(repr(it)) for _ in range(4)]
    # Comments, and names of characters, are not read here.
    pairs = [(one, evaluated(one)) for one in damages if "#" not in one and "\\N" not in one]
    pairs = [pair for pair in pairs if pair[1] != "?"]
    print(json.dumps({"json": json.dumps(it), "repr": repr(it), "damaged": pairs}))
