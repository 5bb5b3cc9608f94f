import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOSTILE_TEXTS } from '../store/testing/hostile-texts.js';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';
import { ProjectRepository } from './project-repository.js';

const NOW_MS = Date.UTC(2026, 9, 1);

describe('projects', () => {
  let test: TestProduct;
  let nowMs = NOW_MS;
  const projects = (): ProjectRepository => test.product.projects;

  beforeAll(async () => {
    test = await openTestProduct({ clock: () => nowMs });
  });
  afterAll(() => test.close());

  it('there is a default one from the start, and a restart makes no second one', async () => {
    const first = { project_id: 'default', name: 'Default', time_zone: 'UTC', created_at: '2026-10-01T00:00:00.000Z' };
    expect(await projects().list()).toEqual([first]);
    nowMs += 5000;
    await test.restart();
    expect(await projects().list()).toEqual([first]);
  });

  it('are made, listed oldest first and found', async () => {
    nowMs += 1000;
    const made = await projects().create('shop', "The shop's own", 'Europe/Berlin');
    expect(made).toEqual({
      project_id: 'shop',
      name: "The shop's own",
      time_zone: 'Europe/Berlin',
      created_at: new Date(nowMs).toISOString(),
    });
    expect(await projects().get('shop')).toEqual(made);
    expect((await projects().list()).map((project) => project.project_id)).toEqual(['default', 'shop']);
  });

  it('has its id as name and UTC unless told otherwise', async () => {
    expect(await projects().create('plain')).toMatchObject({ name: 'plain', time_zone: 'UTC' });
  });

  it('is not made twice, and the first one stays as it was', async () => {
    await expect(projects().create('shop', 'Another')).rejects.toMatchObject({ code: 'conflict', path: 'project_id' });
    expect(await projects().get('shop')).toMatchObject({ name: "The shop's own" });
  });

  it.each(['a', '0', 'a'.repeat(64), 'a-b_c9'])('takes the id %s', async (id) => {
    await expect(projects().create(id)).resolves.toMatchObject({ project_id: id });
  });

  it.each(['', 'A', '-a', '_a', 'a'.repeat(65), 'a b', 'a.b', 'ä', 'a/b', 'a\n', '\u0000', ...HOSTILE_TEXTS])(
    'refuses the id %j',
    async (id) => {
      await expect(projects().create(id)).rejects.toMatchObject({ code: 'invalid_parameter', path: 'project_id' });
      await expect(projects().get(id)).rejects.toMatchObject({ code: 'unknown_project', path: 'project_id' });
    },
  );

  it('names an unknown one shortly', async () => {
    const failure: unknown = await projects()
      .get('x'.repeat(100_000))
      .catch((error: unknown) => error);
    expect(String(failure).length).toBeLessThan(200);
  });

  it('keeps any name', async () => {
    for (const [index, name] of HOSTILE_TEXTS.entries()) await projects().create(`named-${index}`, name);
    await test.restart();
    for (const [index, name] of HOSTILE_TEXTS.entries()) expect(await projects().get(`named-${index}`)).toMatchObject({ name });
  });

  it('refuses a name beyond 256 characters', async () => {
    await expect(projects().create('long', 'n'.repeat(257))).rejects.toMatchObject({ code: 'invalid_parameter', path: 'name' });
    await expect(projects().create('long', 'n'.repeat(256))).resolves.toMatchObject({ project_id: 'long' });
  });

  it.each([
    ['utc', 'UTC'],
    ['europe/berlin', 'Europe/Berlin'],
    ['America/Argentina/Buenos_Aires', 'America/Buenos_Aires'],
    ['Asia/Kolkata', 'Asia/Calcutta'],
  ])('knows the time zone %s as one the engine knows', async (given, canonical) => {
    const id = `zone-${given.toLowerCase().replace(/\W/g, '-')}`;
    const { time_zone: zone } = await projects().create(id, id, given);
    expect([given, canonical]).toContain(zone);
    const rows = await test.product.store.query({ text: 'SELECT toString(toTimeZone(now(), {p0:String})) AS local', binds: { p0: zone } });
    expect(rows).toHaveLength(1);
  });

  it.each(['', 'Mars/Olympus', '+02:00', '-05', "UTC'", 'Europe/Berlin; DROP TABLE projects', '\u0000', 'x'.repeat(10_000)])(
    'refuses the time zone %j',
    async (zone) => {
      const failure: unknown = await projects()
        .create('bad-zone', 'bad', zone)
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'invalid_parameter', path: 'time_zone' });
      expect(String(failure).length).toBeLessThan(300);
    },
  );

  it('sees what another node made within two seconds', async () => {
    const elsewhere = new ProjectRepository(test.product.store, () => nowMs);
    await expect(projects().get('from-elsewhere')).rejects.toMatchObject({ code: 'unknown_project' });
    await elsewhere.create('from-elsewhere');
    nowMs += 2001;
    expect(await projects().get('from-elsewhere')).toMatchObject({ project_id: 'from-elsewhere' });
  });

  it('of the same name made at the same time are one, and one of the makers is told', async () => {
    const outcomes = await Promise.allSettled([projects().create('raced', 'first'), projects().create('raced', 'second')]);
    expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((await projects().list()).filter((project) => project.project_id === 'raced')).toHaveLength(1);
  });
});
