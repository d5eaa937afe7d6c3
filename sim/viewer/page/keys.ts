/** Everything that a key does, and the page of help that lists it: one table, so that they cannot disagree. */
import { byId, element } from './dom.ts';

export interface KeyAction {
  /** As `event.key` names them. */
  readonly keys: readonly string[];
  /** As a reader sees them; '' for a second row of the same. */
  readonly shown: string;
  readonly help: string;
  readonly act: (event: KeyboardEvent) => void;
}

/** Where these have a meaning of their own. */
function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type === 'search');
}

/** Makes the keys work everywhere but where somebody types, and fills the help. */
export function bindKeys(actions: readonly KeyAction[]): void {
  const help = byId<HTMLDialogElement>('help');
  byId('help-keys').replaceChildren(
    ...actions.map(({ shown, help: text }) => element('tr', '', element('th', '', shown), element('td', '', text))),
  );
  byId('help-close').addEventListener('click', () => help.close());
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || help.open || isTyping(event.target)) return;
    const action = actions.find(({ keys }) => keys.includes(event.key));
    if (action === undefined) return;
    event.preventDefault();
    action.act(event);
  });
}

/** A dialog of the browser's own: it keeps the focus while it is open, ends with Escape, and gives the focus back. */
export function showHelp(): void {
  byId<HTMLDialogElement>('help').showModal();
}
