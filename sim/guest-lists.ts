/** Who comes to a run besides those who work: whom its story brings along, and the clients that check permissions where a knob says so. */
import { AUTHORIZATION_GUESTS } from './authorization/guests.ts';
import type { GuestList, Guests } from './guests.ts';
import type { Knobs } from './knobs.ts';
import type { Scenario } from './scenario.ts';

/** @returns undefined where nobody does */
export function guestListOf(scenario: Scenario | undefined, { authorizationClients = 0 }: Partial<Knobs>): GuestList | undefined {
  const own = scenario?.guests;
  if (authorizationClients === 0) return own;
  return own === undefined ? AUTHORIZATION_GUESTS : both(own, AUTHORIZATION_GUESTS);
}

function both(first: GuestList, second: GuestList): GuestList {
  return {
    clientsMax: first.clientsMax + second.clientsMax,
    invite: (stage): Guests => {
      const [one, other] = [first.invite(stage), second.invite(stage)];
      return {
        oracles: [...one.oracles, ...other.oracles],
        come: (layout) => {
          one.come(layout);
          other.come(layout);
        },
        part: (onDone) => one.part(() => other.part(onDone)),
      };
    },
  };
}
