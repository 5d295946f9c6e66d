/**
 * What the figures were taken on: absolute values mean nothing without it.
 */
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";

/** Names are those of the record in results/. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memory: string;
  readonly platform: string;
  readonly node: string;
  readonly v8: string;
  /** Of the last minute, before we began; well above 0, somebody else was measuring with us. */
  readonly load: number;
}

export const machine = (): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cores: availableParallelism(),
  memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
  platform: `${process.platform} ${process.arch}`,
  node: process.versions.node,
  v8: process.versions.v8,
  load: Number(loadavg()[0]?.toFixed(2)),
});
