/** The picture of a history that no order explains: what stands in it, and that its points never go back. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Recording } from '../../../sim/record/recording.ts';
import { explain } from '../../../sim/viewer/explain.ts';
import { type OrderPicture, orderPicture } from '../../../sim/viewer/order.ts';
import { failingRun } from './failing-run.ts';

describe('the order of a history that is not linearizable', () => {
  let recording: Recording;
  let picture: OrderPicture;

  beforeAll(async () => {
    recording = await failingRun('X3', 'linearizable', true);
    picture = orderPicture(recording, 14) as OrderPicture;
  });

  test('ends with the answer that has no place, behind operations on the same keys', () => {
    const stuck = picture.lines.at(-1);
    expect(stuck).toMatchObject({ isStuck: true, place: undefined, point: undefined });
    expect(picture.lines.length).toBeGreaterThan(1);
    for (const { operation } of picture.lines)
      expect(operation.keys.some((key) => stuck?.operation.keys.includes(key))).toBe(true);
    expect(picture.lines.length).toBeLessThanOrEqual(15);
  });

  test('has its points in the order of places, each between question and answer', () => {
    const placed = picture.lines.slice(0, -1);
    const points = placed.map(({ point }) => point ?? Number.NaN);
    expect(points).toEqual(points.toSorted((a, b) => a - b));
    const places = placed.map(({ place }) => place ?? Number.NaN);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    for (const { operation, point } of placed) {
      expect(point).toBeGreaterThanOrEqual(operation.invokedAt);
      expect(point).toBeLessThanOrEqual(operation.returnedAt ?? recording.end);
    }
  });

  test('names the last change that it has where the answer looked, and so does the page of text', () => {
    const changes = picture.lines.filter(({ operation, isStuck }) => operation.isChange && !isStuck);
    expect(picture.newest).toEqual(changes.at(-1));
    expect(picture.newest?.operation.told).toMatch(/^done/);
    const text = explain(recording, 'vouch sim replay 1').replaceAll(/\s+/g, ' ');
    expect(text).toContain(`An order of ${picture.length} operations explains every answer before that one`);
  });

  test('is not there where the violation is not about clients, or no order was looked for', () => {
    const violation = recording.violation as NonNullable<Recording['violation']>;
    const { order: _, ...evidence } = violation.evidence;
    expect(orderPicture({ ...recording, violation: { ...violation, evidence } }, 14)).toBe(undefined);
    expect(orderPicture({ ...recording, violation: undefined }, 14)).toBe(undefined);
  });
});
