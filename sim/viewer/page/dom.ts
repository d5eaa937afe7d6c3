/** Elements without a library. Texts become text nodes, never markup. */

export function element(tag: string, className: string, ...children: readonly (HTMLElement | string)[]): HTMLElement {
  const made = document.createElement(tag);
  if (className !== '') made.className = className;
  made.append(...children);
  return made;
}

/** The element of the page's own markup with that id. */
export function byId<E extends HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}
