/**
 * What one tunnel needs of the endpoint that it belongs to.
 */
import type { Element } from "@xmpp/xml";
import type { Identity } from "../tls/identity.ts";
import type { EngineOptions } from "../tls/options.ts";
import type { Association } from "./association.ts";
import type { Limits } from "./limits.ts";
import type { Output } from "./output.ts";
import type { Request } from "./state.ts";

export interface Host {
  readonly identity: Identity;
  readonly limits: Limits;
  /** Offers are made and compared; otherwise the base wire alone is spoken. */
  readonly hasExtensions: boolean;
  readonly engine: Partial<Omit<EngineOptions, "role" | "identity">>;
  emit(output: Output): void;
  /** What nobody can guess, and nobody has had before. */
  id(): string;
  /** Sends a request and waits for its answer. @returns its id */
  request(owner: Association, kind: Request, payload: Element, now: number): string;
  /** The peer is not silent, though it has answered nothing: what is under way may wait on. */
  renew(owner: Association, now: number): void;
  /** The tunnel has more to read than one turn of the loop should: it waits for `readOn`. */
  unread(owner: Association): void;
  /** The tunnel is over. */
  ended(owner: Association): void;
}
