/**
 * Two who know one password (method `srp`): it proves their certificates once, and is never sent.
 *
 *     npx tsx examples/password.ts
 */

import { memoryStorage, remembered, srp, TrustStore, type XtlsError } from "../bindings/node.ts";
import { core, enter, leave } from "./verona.ts";

/** A method that uses whatever comes to mind. */
const recalling = (recall: () => string) => ({
  trust: remembered(new TrustStore(memoryStorage())),
  methods: [srp({ core, password: recall })],
});

let bird = "lark";
const romeo = await enter("romeo", "orchard", recalling(() => bird));
const juliet = await enter("juliet", "balcony", recalling(() => "nightingale"));

await romeo.tunnels.open(juliet.address).catch(({ code }: XtlsError) => console.log(`${bird}: ${code}`));

bird = "nightingale";
for (const meeting of ["first", "second"]) {
  const tunnel = await romeo.tunnels.open(juliet.address);
  console.log(`${meeting} meeting: ${tunnel.security?.trust}, by ${tunnel.security?.method}`);
  await tunnel.close();
}
await leave();
