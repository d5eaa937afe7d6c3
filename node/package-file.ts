/** Files of the package by their path in it, wherever the build has put the code that asks. */
import { existsSync } from 'node:fs';

/** @param path from the folder of the package's manifest, which is the first one above this file. */
export function packageFile(path: string): URL {
  let manifest = new URL('./package.json', import.meta.url);
  while (!existsSync(manifest)) {
    const above = new URL('../package.json', manifest);
    if (above.href === manifest.href) throw new Error('the package has its manifest above its files');
    manifest = above;
  }
  return new URL(path, manifest);
}
