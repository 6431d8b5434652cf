/**
 * The log of a run as TensorBoard's event file: scalars in TFRecords. Of no library on npm that is kept writes one, and it
 * takes two small encodings.
 *
 * A record is the length of its data (uint64), the masked CRC-32C of these eight bytes, the data, and the masked CRC-32C of
 * the data, little-endian (tensorflow/core/lib/io/record_writer). The data is a protocol buffer (tensorflow/core/util/event.proto):
 *
 *     Event   { 1: wall_time double, 2: step int64, 3: file_version string, 5: summary Summary }
 *     Summary { 1: value repeated { 1: tag string, 2: simple_value float } }
 */
import type { RunEvent } from "./events.js";

/** What every event file begins with. */
export const fileVersionRecord = (wallTime: number): Buffer =>
  record(Buffer.concat([double(1, wallTime), bytes(3, Buffer.from("brain.Event:2"))]));

/** One record with scalars by tag, at a step. `wallTime` in seconds since 1970. */
export function scalarsRecord(wallTime: number, step: number, scalars: Readonly<Record<string, number>>): Buffer {
  const values = Object.entries(scalars).map(([tag, value]) =>
    bytes(1, Buffer.concat([bytes(1, Buffer.from(tag)), float(2, value)])),
  );
  return record(Buffer.concat([double(1, wallTime), varint(2 << 3), varint(step), bytes(5, Buffer.concat(values))]));
}

/**
 * What an event adds to the file: of a step its loss, rate and speed, of an epoch its measures, at the epoch's last step.
 * Times are those of the start plus the seconds that the events count.
 */
export function createEventRecorder(): (event: RunEvent) => Buffer {
  let [time, epochBegan, batchSize] = [0, 0, 0];
  return (event) => {
    switch (event.event) {
      case "start":
        time = epochBegan = Date.parse(event.time) / 1000;
        batchSize = event.config.batchSize;
        return fileVersionRecord(time);
      case "step": {
        time += batchSize / event.imagesPerSecond;
        const { loss, learningRate, imagesPerSecond, gradientNorm } = event;
        const norm: Record<string, number> = gradientNorm === undefined ? {} : { "step/gradient norm": gradientNorm };
        return scalarsRecord(time, event.step, {
          "step/loss": loss,
          "step/learning rate": learningRate,
          "step/images per second": imagesPerSecond,
          ...norm,
        });
      }
      case "epoch": {
        time = epochBegan += event.seconds;
        const named = (split: "training" | "validation") =>
          Object.entries(event[split]).map(([name, value]) => [`${split}/${name}`, value]);
        const scalars = Object.fromEntries([...named("training"), ...named("validation")]) as Record<string, number>;
        return scalarsRecord(time, event.step, { ...scalars, "epoch/size": event.size });
      }
      case "end":
        return Buffer.alloc(0);
    }
  };
}

function record(data: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([length, uint32(maskedCrc(length)), data, uint32(maskedCrc(data))]);
}

const uint32 = (value: number): Buffer => {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
};

/** Fields of a protocol buffer: the number with the wire type (1: eight bytes, 2: counted bytes, 5: four bytes), the value. */
const double = (field: number, value: number): Buffer => {
  const out = Buffer.alloc(9);
  out[0] = (field << 3) | 1;
  out.writeDoubleLE(value, 1);
  return out;
};
const float = (field: number, value: number): Buffer => {
  const out = Buffer.alloc(5);
  out[0] = (field << 3) | 5;
  out.writeFloatLE(value, 1);
  return out;
};
const bytes = (field: number, value: Buffer): Buffer =>
  Buffer.concat([varint((field << 3) | 2), varint(value.length), value]);

/** Seven bits a byte, the lowest first. */
function varint(value: number): Buffer {
  const out: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128);
  out.push(rest);
  return Buffer.from(out);
}

/** Castagnoli's polynomial, reflected. */
const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C (RFC 3720, appendix B.4). */
export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (crc >>> 8) ^ crcTable[(crc ^ byte) & 255];
  return (crc ^ 0xffffffff) >>> 0;
}

/** As records have it, so that a checksum of data with checksums in it stays one. */
function maskedCrc(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
