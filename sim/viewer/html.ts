/**
 * The story of a run as one file: markup, style, script and data together, nothing fetched, nothing that could be. What a
 * reader needs first (the rule, the two facts) is in the markup and readable without the script.
 */
import type { Recording } from '../record/recording.ts';
import { seconds } from '../record/time.ts';
import { explain, titleOf } from './explain.ts';
import { FAMILIES, HAPPENINGS } from './families.ts';
import { pack } from './pack.ts';

export interface PageParts {
  readonly recording: Recording;
  /** The command that runs it again. */
  readonly replay: string;
  /** The page's program and style, as text. */
  readonly script: string;
  readonly style: string;
}

/** Nothing may be loaded from anywhere: the file is all there is. */
const POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";

export function storyHtml({ recording, replay, script, style }: PageParts): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escaped(titleOf(recording))} – vouch sim</title>
<style>
${style}
</style>
</head>
<body>
${headerHtml(recording, replay)}
<main>
<section class="stage" aria-label="Message diagram">
<div class="tools">
<span class="filters" id="families" role="group" aria-label="Kinds of messages">${FAMILIES.map(familyHtml).join('')}</span>
<span class="filters" id="happenings" role="group" aria-label="Kinds of other steps">${HAPPENINGS.map((name) => filterHtml(name, name, 'happening')).join('')}</span>
<span class="filters" id="nodes" role="group" aria-label="Nodes"><span>node</span>${Array.from({ length: recording.nodes }, (_, node) => filterHtml(String(node), String(node), 'node')).join('')}</span>
<label class="pick">group <select id="group"><option value="-1">all</option>${recording.groups.map((group) => `<option value="${group}">${group}</option>`).join('')}</select></label>
<span class="zoom"><button id="zoom-out" title="Zoom out (-)" aria-label="Zoom out">−</button><button id="zoom-in" title="Zoom in (+)" aria-label="Zoom in">+</button><button id="fit" title="The whole run (0)">all</button><button id="focus" title="Where to look first (v)">${recording.violation === undefined ? 'busiest' : 'violation'}</button><button id="theme" title="Light or dark (t)" aria-label="Light or dark">◐</button><button id="help-open" title="Keys (?)" aria-label="Keys">?</button></span>
</div>
<div class="diagram"><canvas id="diagram" tabindex="0" role="img" aria-label="Lanes of nodes and clients over virtual time, arrows are messages" aria-describedby="announced"></canvas><div id="tip" class="tip" hidden></div></div>
<div class="scrub"><canvas id="overview" aria-hidden="true"></canvas><input id="scrubber" type="range" min="0" max="${recording.end}" step="1" value="${recording.focus}" aria-label="Virtual time">${legendHtml()}</div>
</section>
<aside>
<div class="now"><output id="time" for="scrubber"></output><label class="search">search <input id="search" type="search" placeholder="/" aria-label="Search the steps" autocomplete="off" spellcheck="false"></label><output id="matches" for="search"></output><span class="keys">? keys</span></div>
<p id="announced" class="unseen" aria-live="polite"></p>
<div class="tabs" id="tabs" role="tablist" aria-label="Details">
${['Nodes', 'Steps', 'Clients', 'In words'].map(tabHtml).join('\n')}
</div>
<div class="panel" id="panel-0" role="tabpanel" aria-labelledby="tab-0" tabindex="0"></div>
<div class="panel" id="panel-1" role="tabpanel" aria-labelledby="tab-1" tabindex="0" hidden></div>
<div class="panel" id="panel-2" role="tabpanel" aria-labelledby="tab-2" tabindex="0" hidden></div>
<div class="panel" id="panel-3" role="tabpanel" aria-labelledby="tab-3" tabindex="0" hidden><pre>${escaped(explain(recording, replay))}</pre></div>
</aside>
</main>
<dialog id="help" aria-labelledby="help-title"><h2 id="help-title">Keys</h2><table><tbody id="help-keys"></tbody></table><button id="help-close">Close</button></dialog>
<noscript><pre>${escaped(explain(recording, replay))}</pre></noscript>
<script type="application/json" id="recording">${pack(recording).replaceAll('<', '\\u003c')}</script>
<script>
${script.replaceAll('</script', '<\\/script')}
</script>
</body>
</html>
`;
}

function headerHtml(recording: Recording, replay: string): string {
  const { violation, scenario, seed, totals, end } = recording;
  const verdict = violation === undefined ? 'passed' : recording.verdict;
  const facts = violation?.evidence.facts;
  return `<header class="${violation === undefined ? 'good' : 'bad'}">
<div class="title"><h1>${escaped(scenario)} <small>seed ${escaped(seed)}</small></h1><span class="verdict">${escaped(verdict)}</span>
<span class="sums">${totals.events} events · ${escaped(seconds(end))} · ${totals.elections} elections · ${totals.ok} ok, ${totals.fail} failed, ${totals.info} unknown</span><code class="replay" title="Runs it again">${escaped(replay)}</code></div>
${
  violation === undefined
    ? ''
    : `<div class="rule"><p><b>${escaped(violation.oracle)}</b> <span id="rule">${escaped(violation.claim)}</span></p>
<p class="message">At ${escaped(seconds(violation.at))}: ${escaped(violation.message)}</p></div>`
}
${facts === undefined ? '' : `<div class="facts"><p>${escaped(facts[0])}</p><span>but</span><p>${escaped(facts[1])}</p></div>`}
</header>`;
}

/** What the colours mean that no filter names. */
function legendHtml(): string {
  const marks = [
    ['leader', 'leader'],
    ['candidate', 'candidate'],
    ['follower', 'follower'],
    ['down', 'down'],
    ['fault', 'fault, pause'],
    ['ok', 'answered'],
    ['info', 'unknown'],
    ['fail', 'refused'],
    ['entries', 'kept in detail'],
  ];
  const items = marks.map(([colour, meaning]) => `<span><i style="background:var(--${colour})"></i>${meaning}</span>`);
  return `<div class="legend">${items.join('')}<span>× lost</span></div>`;
}

function filterHtml(value: string, name: string, className: string): string {
  return `<label class="family ${className}"><input type="checkbox" value="${value}" checked>${name}</label>`;
}

function familyHtml(family: string): string {
  return `<label class="family ${family}"><input type="checkbox" value="${family}" checked><i></i>${family === 'acknowledgements' ? 'acks' : family}</label>`;
}

function tabHtml(name: string, position: number): string {
  const isFirst = position === 0;
  return `<button role="tab" id="tab-${position}" aria-controls="panel-${position}" aria-selected="${isFirst}" tabindex="${isFirst ? 0 : -1}">${name}</button>`;
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
