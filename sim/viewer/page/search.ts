/** Looking for words in the steps: how many there are, which is the next one, and which of the shown ones they are. */
import type { Step } from '../steps.ts';
import { byId } from './dom.ts';
import type { Story } from './story.ts';
import type { View } from './view.ts';

export class Search {
  private readonly story: Story;
  private readonly view: View;
  private readonly input: HTMLInputElement = byId('search');
  private readonly count: HTMLElement = byId('matches');
  private words: string = '';

  /** @param leave where the focus goes afterwards. */
  constructor(story: Story, view: View, leave: () => void) {
    this.story = story;
    this.view = view;
    this.input.addEventListener('input', () => this.look(this.input.value));
    this.input.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.next(event.shiftKey ? -1 : 1);
      else if (event.key === 'Escape') {
        this.input.value = '';
        this.look('');
        leave();
      } else return;
      event.preventDefault();
    });
  }

  begin(): void {
    this.input.focus();
    this.input.select();
  }

  isMatch(step: Step): boolean {
    return this.words !== '' && step.sentence.toLowerCase().includes(this.words);
  }

  /** To the next match, or the one before; behind the last comes the first. */
  next(direction: 1 | -1): void {
    const matches = this.matches();
    const { time } = this.view;
    const found =
      direction > 0
        ? (matches.find(({ at }) => at > time) ?? matches[0])
        : (matches.findLast(({ at }) => at < time) ?? matches.at(-1));
    if (found !== undefined) this.view.goTo(found.at);
  }

  /** Says how many there are and which of them is at the instant that is looked at. */
  tell(): void {
    if (this.words === '') {
      this.count.textContent = '';
      return;
    }
    const matches = this.matches();
    const here = matches.findIndex(({ at }) => at === this.view.time);
    this.count.textContent = matches.length === 0 ? 'none' : here < 0 ? `${matches.length}` : `${here + 1} of ${matches.length}`;
  }

  private look(words: string): void {
    this.words = words.trim().toLowerCase();
    const { time } = this.view;
    const matches = this.matches();
    const nearest = matches.findLast(({ at }) => at <= time) ?? matches[0];
    if (nearest === undefined) this.view.changed();
    else this.view.goTo(nearest.at);
  }

  private matches(): readonly Step[] {
    return this.story.steps.filter((step) => this.isMatch(step) && this.view.wantsStep(step));
  }
}
