/**
 * The errors that users see. Each message is one line that reads `where: rule, got values; remedy`:
 *
 *     axialAttention: filters must be divisible by heads, got filters=30, heads=8; use filters=32
 */

/** What every error of this library is an instance of. */
export class AxialError extends Error {
  override readonly name: string = "AxialError";
}

/** A tensor has the wrong rank, size or dtype. */
export class ShapeError extends AxialError {
  override readonly name = "ShapeError";
}

/** An option, a configuration or a command line is wrong. */
export class ConfigError extends AxialError {
  override readonly name = "ConfigError";
}

/** A file is missing, foreign, truncated or corrupt. */
export class FileError extends AxialError {
  override readonly name = "FileError";
}

/** This machine, engine or installation lacks what was asked for. */
export class UnsupportedError extends AxialError {
  override readonly name = "UnsupportedError";
}
