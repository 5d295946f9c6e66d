/**
 * A trust store in a file: what Romeo decides about Juliet's key today holds tomorrow.
 *
 *     npx tsx examples/store.ts
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { dangerouslyTrustOnFirstUse, fileStorage, memoryStorage, remembered, safetyNumber, TrustStore, type XtlsError } from "../bindings/node.ts";
import { enter, leave } from "./verona.ts";

const folder = await mkdtemp(join(tmpdir(), "verona-"));
const openStore = () => new TrustStore(fileStorage(join(folder, "trust.json")));

const store = openStore();
const romeo = await enter("romeo", "orchard", { trust: remembered(store) });
const juliet = await enter("juliet", "balcony", { trust: dangerouslyTrustOnFirstUse(new TrustStore(memoryStorage())) });

await romeo.tunnels.open(juliet.address).catch(({ code }: XtlsError) => console.log(`first meeting: ${code}`));
const [key] = await store.keysOf(juliet.address);
console.log(`${key!.jid}: ${key!.state}`);

// Each computes it from what is known here; on the telephone they find that it is the same.
console.log(`safety number: ${await safetyNumber(romeo.identity, key!)}`);
await store.verify(key!.jid, key!.spkiFingerprint, { note: "safety number compared" });

const tunnel = await romeo.tunnels.open(juliet.address);
console.log(`second meeting: ${tunnel.security?.trust}`);
const [kept] = await openStore().keysOf(juliet.address);
console.log(`in the file: ${kept!.state} by ${kept!.history.at(-1)?.by}, ${kept!.history.at(-1)?.note}`);

await leave();
await rm(folder, { recursive: true });
