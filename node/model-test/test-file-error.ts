/** A file of tests, or one that it names, cannot be used: a sentence for whoever wrote it. */
export class TestFileError extends Error {
  override readonly name: string = 'TestFileError';
}
