/**
 * Writes the story of a run as one offline file. The page's program is bundled from its sources when a page is wanted: it
 * shares its code with the simulator, and the package needs no second build for it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Recording } from '../../sim/record/recording.ts';
import { storyHtml } from '../../sim/viewer/html.ts';
import { CliFailure } from './failure.ts';
import { packageRoot } from './mutant-bundle.ts';
import { writeText } from './output-file.ts';

/** @param replay the command that runs it again. */
export async function writeStoryPage(file: string, recording: Recording, replay: string): Promise<void> {
  const folder = join(packageRoot(), 'sim', 'viewer', 'page');
  const script = await bundlePage(join(folder, 'main.ts'));
  const style = readFileSync(join(folder, 'page.css'), 'utf8');
  writeText(file, storyHtml({ recording, replay, script, style }));
}

async function bundlePage(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    target: 'es2022',
    logLevel: 'silent',
  });
  const script = outputFiles[0];
  if (script === undefined) throw new CliFailure('The page was not made: its program is empty.');
  return script.text;
}
