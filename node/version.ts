/** The package's version, from its own manifest: the first one above this file, wherever the build has put it. */
import { existsSync, readFileSync } from 'node:fs';

export function packageVersion(): string {
  let manifest = new URL('./package.json', import.meta.url);
  while (!existsSync(manifest)) {
    const above = new URL('../package.json', manifest);
    if (above.href === manifest.href) throw new Error('the package has its manifest above its files');
    manifest = above;
  }
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string }).version;
}
