/**
 * The source tree as text, for the tests that read it. Why not the compiler: TypeScript 7 has no JavaScript API, and what
 * these tests need (imports, identifiers outside comments and strings) is a small scanner.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root: string = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The folders that hold code. */
export const LAYERS = ['core', 'sim', 'net', 'node', 'scenarios', 'bench', 'test'] as const;
export type Layer = (typeof LAYERS)[number];

export interface SourceFile {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Every .ts and .mjs file under the given folders, sorted by path. */
export function sourceFiles(folders: readonly string[] = LAYERS): readonly SourceFile[] {
  const files: SourceFile[] = [];
  for (const folder of folders) {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true, recursive: true })) {
      if (!entry.isFile() || !/\.(ts|mjs)$/.test(entry.name)) continue;
      const absolute = join(entry.parentPath, entry.name);
      files.push({ path: relative(root, absolute).split(sep).join('/'), text: readFileSync(absolute, 'utf8') });
    }
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** A slash begins a regular expression, not a division, behind one of these (or behind nothing). */
const BEFORE_REGEXP = /(?:^|[=([{,;:!&|?+\-*%<>~^]|\breturn|\btypeof|\bcase|\bin|\bof)$/;

/** The index behind the string, regular expression or comment that begins at `at`. */
function endOf(text: string, at: number, closing: string): number {
  let inClass = false;
  for (let i = at + 1; i < text.length; i += 1) {
    const c = text[i];
    if (c === '\\') i += 1;
    else if (closing === '/' && c === '[') inClass = true;
    else if (closing === '/' && c === ']') inClass = false;
    else if (c === closing && !inClass) return i + 1;
  }
  return text.length;
}

/** Copies code; leaves out comments and the text of templates and regular expressions, and of strings unless they are kept. */
class Scanner {
  private readonly text: string;
  private readonly keepStrings: boolean;
  private readonly out: string[] = [];

  constructor(text: string, keepStrings: boolean) {
    this.text = text;
    this.keepStrings = keepStrings;
  }

  run(): string {
    this.code(0, false);
    return this.out.join('');
  }

  /** From a template's backtick to behind its end; the code of its `${}` parts is copied. */
  private template(at: number): number {
    let i = at + 1;
    while (i < this.text.length && this.text[i] !== '`') {
      if (this.text[i] === '\\') i += 2;
      else if (this.text[i] === '$' && this.text[i + 1] === '{') i = this.code(i + 2, true);
      else i += 1;
    }
    return i + 1;
  }

  private comment(at: number): number {
    const { text, out } = this;
    if (text[at + 1] === '/') {
      const end = text.indexOf('\n', at);
      return end < 0 ? text.length : end;
    }
    const end = text.indexOf('*/', at + 2) + 2;
    out.push('\n'.repeat(text.slice(at, end).split('\n').length - 1)); // line numbers stay
    return end;
  }

  /** From `at` to the end of the text, or behind the brace that closes a template's `${`. */
  private code(at: number, untilBrace: boolean): number {
    const { text, out } = this;
    let depth = 0;
    let i = at;
    while (i < text.length) {
      const c = text[i] as string;
      if (untilBrace && c === '}' && depth === 0) return i + 1;
      if (c === '{') depth += 1;
      if (c === '}') depth -= 1;
      if (c === '/' && (text[i + 1] === '/' || text[i + 1] === '*')) i = this.comment(i);
      else if (c === "'" || c === '"') {
        const end = endOf(text, i, c);
        out.push(this.keepStrings ? text.slice(i, end) : "''");
        i = end;
      } else if (c === '`') {
        i = this.template(i);
        out.push("''");
      } else if (c === '/' && BEFORE_REGEXP.test(out.slice(-40).join('').trimEnd())) {
        i = endOf(text, i, '/');
        out.push("''");
      } else {
        out.push(c);
        i += 1;
      }
    }
    return i;
  }
}

/** The text without comments and with empty strings, so that what is left is code. Line numbers stay. */
export function codeOf(text: string): string {
  return new Scanner(text, false).run();
}

const STATIC_IMPORT = /^\s*(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]/gm;
const BARE_IMPORT = /^\s*import\s*['"]([^'"]+)['"]/gm;
const DYNAMIC_IMPORT = /\bimport\s*\(\s*['"]([^'"]+)['"]/g;

/** Every module specifier a file names, in `import`, `export ... from` and `import()`. */
export function importsOf(text: string): readonly string[] {
  const code = new Scanner(text, true).run();
  const found: string[] = [];
  for (const pattern of [STATIC_IMPORT, BARE_IMPORT, DYNAMIC_IMPORT]) {
    for (const match of code.matchAll(pattern)) found.push(match[1] as string);
  }
  return found;
}

/** Where a relative specifier leads, relative to the root; undefined for a package. */
export function resolveImport(from: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : undefined;
}
