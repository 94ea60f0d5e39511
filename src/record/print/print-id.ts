const SHORT = 6;
const ours = /^req_([\da-f]{4})[\da-f]{16}0{4}0{0,4}([\da-f]+)$/;

/** Ours are random for each process, then counted: `c067-0001`, so that those of two workers differ. Of others, the end. */
export function shortId(id: string): string {
  const [, process, counted] = (id.length === 36 && ours.exec(id)) || [];
  return process === undefined ? id.slice(-SHORT) : `${process}-${counted}`;
}
