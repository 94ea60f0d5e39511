"""Starts the LiteLLM proxy; ends when stdin does, and so with the process that started it, however that ends."""

import os
import sys
import threading


def end_with_stdin():
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=end_with_stdin, daemon=True).start()

from litellm import run_server  # noqa: E402 (it takes seconds to load)

run_server()
