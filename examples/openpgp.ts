/**
 * Two who have each other's OpenPGP keys (method `openpgp`, needs the package of that name).
 *
 *     npx tsx examples/openpgp.ts
 */

import { generateKey } from "openpgp";

import { memoryStorage, openpgp, remembered, TrustStore } from "../bindings/node.ts";
import { enter, leave } from "./verona.ts";

// Yours exist already: `gpg --export-secret-keys` and `gpg --export` give such keys. The user ID says for which JID one speaks.
const keyOf = (name: string) => generateKey({ userIDs: { name: `xmpp:${name}@verona.example` } });
const [his, hers] = await Promise.all(["romeo", "juliet"].map(keyOf));

const signing = (privateKey: string, known: string) => ({
  trust: remembered(new TrustStore(memoryStorage())),
  methods: [openpgp({ key: privateKey, known: () => known })],
});

const romeo = await enter("romeo", "orchard", signing(his!.privateKey, hers!.publicKey));
const juliet = await enter("juliet", "balcony", signing(hers!.privateKey, his!.publicKey));
for (const meeting of ["first", "second"]) {
  const tunnel = await romeo.tunnels.open(juliet.address);
  console.log(`${meeting} meeting: ${tunnel.security?.trust}, by ${tunnel.security?.method}`);
  await tunnel.close();
}
await leave();
