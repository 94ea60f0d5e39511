/** Why nothing came of it, in one line for people; no fault of the program or of the command line. */
export class CacheProblem extends Error {
  override readonly name = 'CacheProblem';
}
