import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { OutgoingMessage } from "../../src/editor/framing.js";
import { createOutbox, type Line, type OutboxLimits } from "../../src/editor/outbox.js";

const message = (id: string, bytes = 10, type = "stream", parentId = "cell"): OutgoingMessage => ({
  ...{ channel: "iopub", id, type, parentId, buffers: [], bytes },
  json: [Buffer.alloc(0), Buffer.alloc(0), Buffer.alloc(0), Buffer.alloc(0)],
});

interface TestLine extends Line {
  readonly ids: string[];
  readonly pings: number[];
}

const createLine = (): TestLine => {
  const ids: string[] = [];
  const pings: number[] = [];
  return { ids, pings, send: ({ id }) => ids.push(id), ping: (number) => pings.push(number) };
};

const create = (limits?: OutboxLimits) =>
  createOutbox(
    ({ parentId }, count, bytes) => message(`${count} of ${parentId}, ${bytes} bytes`, 1, "stream", parentId ?? ""),
    limits,
  );

describe("an outbox", () => {
  it("sends in order, and keeps what comes while nobody is connected", () => {
    const outbox = create();
    outbox.push(message("a"));
    outbox.push(message("b"));
    const line = createLine();
    outbox.connect(line);
    outbox.push(message("c"));
    assert.deepEqual(line.ids, ["a", "b", "c"]);
  });

  it("sends again what was not answered for when the line broke, and nothing else", () => {
    const outbox = create();
    const [first, second] = [createLine(), createLine()];
    outbox.connect(first);
    for (const id of ["a", "b", "c"]) outbox.push(message(id));
    // The first ping was sent behind `a`, the next one after its answer.
    assert.deepEqual(first.pings, [1]);
    outbox.arrived(1);
    assert.deepEqual(first.pings, [1, 3]);
    outbox.disconnect();
    outbox.push(message("d"));
    outbox.connect(second);
    assert.deepEqual(second.ids, ["b", "c", "d"]);
    outbox.arrived(second.pings.at(-1)!);
    outbox.disconnect();
    const third = createLine();
    outbox.connect(third);
    assert.deepEqual(third.ids, []);
  });

  it("goes on behind the message that the client says it has taken in last, whatever has arrived", () => {
    const outbox = create();
    const line = createLine();
    outbox.connect(line);
    for (const id of ["a", "b", "c", "d"]) outbox.push(message(id));
    outbox.arrived(1);
    outbox.arrived(4);
    outbox.disconnect();
    const further = createLine();
    outbox.connect(further, "b");
    assert.deepEqual(further.ids, ["c", "d"]);
    outbox.disconnect();
    const unknown = createLine();
    outbox.connect(unknown, "never sent");
    assert.deepEqual(unknown.ids, ["c", "d"], "what is unknown is no place to go on from");
  });

  it("has no more under way than it may, until the client answers", () => {
    const outbox = create({ underWay: 25 });
    const line = createLine();
    outbox.connect(line);
    for (const id of ["a", "b", "c", "d", "e"]) outbox.push(message(id));
    assert.deepEqual(line.ids, ["a", "b", "c"]);
    outbox.arrived(1);
    assert.deepEqual(line.ids, ["a", "b", "c", "d"]);
    outbox.arrived(4);
    assert.deepEqual(line.ids, ["a", "b", "c", "d", "e"]);
  });

  it("drops the oldest outputs beyond its limit, and says how many in their place", () => {
    const outbox = create({ waiting: 45 });
    outbox.push(message("busy", 10, "status"));
    for (const id of ["a", "b", "c", "d"]) outbox.push(message(id, 10, "stream", "one"));
    outbox.push(message("reply", 10, "execute_reply"));
    outbox.push(message("x", 10, "display_data", "two"));
    const line = createLine();
    outbox.connect(line);
    assert.deepEqual(line.ids, ["busy", "3 of one, 30 bytes", "d", "reply", "x"]);
    outbox.arrived(7);
    outbox.disconnect();
    for (let number = 0; number < 7; number++) outbox.push(message(`idle ${number}`, 10, "status"));
    const second = createLine();
    outbox.connect(second);
    assert.equal(second.ids.length, 7, "statuses are kept whatever the limit");
  });

  it("tells of the outputs of each cell apart", () => {
    const outbox = create({ waiting: 20 });
    for (const id of ["a", "b"]) outbox.push(message(id, 10, "stream", "one"));
    for (const id of ["c", "d", "e"]) outbox.push(message(id, 10, "stream", "two"));
    const line = createLine();
    outbox.connect(line);
    assert.deepEqual(line.ids, ["2 of one, 20 bytes", "1 of two, 10 bytes", "d", "e"]);
  });

  it("forgets what has arrived beyond its limit, and counts right over many thousands of messages", () => {
    const outbox = create({ arrived: 50, underWay: 1e9 });
    const line = createLine();
    outbox.connect(line);
    const total = 10_007;
    for (let number = 0; number < total; number++) outbox.push(message(`m${number}`));
    outbox.arrived(1);
    outbox.arrived(total);
    assert.equal(line.ids.length, total);
    outbox.disconnect();
    const further = createLine();
    outbox.connect(further, `m${total - 4}`);
    assert.deepEqual(further.ids, [`m${total - 3}`, `m${total - 2}`, `m${total - 1}`]);
    outbox.arrived(total);
    outbox.disconnect();
    const late = createLine();
    outbox.connect(late, "m2");
    assert.deepEqual(late.ids, [], "it is no longer known what came behind it");
    outbox.push(message("next"));
    assert.deepEqual(late.ids, ["next"]);
  });
});
