import { assert, suite } from "../suite.ts";
import { AUTHORITY, derOf, DEVICE, OpensslCa } from "./openssl-ca.ts";
import { codeThrownBy, openPair } from "./pair.ts";
import {
  assertRefused,
  assertTrusted,
  core,
  device,
  leaveVerona,
  mantua,
  opinions,
  refusal,
  romeo,
  root,
  TRUSTED,
  verona,
} from "./verona.ts";

const test = suite("authorities");
test.after(leaveVerona);

test("follow a chain over an authority in between, sent along", () => {
  assertTrusted([romeo, verona.own], root.own.certificate);
  assertTrusted([romeo, verona.own, root.own], root.own.certificate);
  assertRefused([romeo], root.own.certificate, "not issued by a configured authority");
  assertRefused([romeo, verona.own], mantua.own.certificate, "not issued by a configured authority");
});

test("may be an authority under another", () => assertTrusted([romeo], verona.own.certificate));

test("are read from PEM and DER, one or more", () => {
  assertTrusted([romeo, verona.own], derOf(root.own));
  assertTrusted([romeo, verona.own], [mantua.own.certificate, derOf(root.own)]);
  assertTrusted(
    [romeo, verona.own],
    `Ours:\r\n${mantua.own.certificate}\r\n${root.own.certificate.replaceAll("\n", "\r\n")}`,
  );
});

for (const [when, problem, dates] of [
  ["expired", "expired", { from: -20, to: -10 }],
  ["not yet valid", "not yet valid", { from: 10, to: 20 }],
] as const) {
  test(`refuse what is ${when}, at the end and in between`, () => {
    assertRefused([device(verona, dates), verona.own], root.own.certificate, problem);
    const late = root.authority("Late", dates);
    assertRefused([device(late), late.own], root.own.certificate, problem);
    assertRefused([device(late)], late.own.certificate, problem);
  });
}

test("refuse an issuer that is none: no CA, not for certificates, beyond its path length", () => {
  const notIssued = "not issued by a configured authority";
  for (const extensions of [DEVICE, [], ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,cRLSign"]]) {
    const quack = root.authority("Quack", { extensions });
    assertRefused([device(quack), quack.own], root.own.certificate, notIssued);
  }
  const last = root.authority("Last", {
    extensions: ["basicConstraints=critical,CA:TRUE,pathlen:0", "keyUsage=keyCertSign"],
  });
  const beyond = last.authority("Beyond");
  assertTrusted([device(last), last.own], root.own.certificate);
  assertRefused([device(beyond), beyond.own, last.own], root.own.certificate, notIssued);
});

test("refuse a device's certificate that is not for signatures", () => {
  for (const extensions of [["keyUsage=critical,keyEncipherment,keyAgreement"], AUTHORITY])
    assertRefused([device(verona, { extensions }), verona.own], root.own.certificate, "keyUsage does not allow this");
});

test("refuse a device's certificate that is not for TLS", () => {
  const mailing = device(verona, {
    extensions: [...DEVICE, "extendedKeyUsage=emailProtection"],
  });
  assertRefused([mailing, verona.own], root.own.certificate, "extendedKeyUsage does not allow this");
});

test("take a certificate for TLS clients or servers, whoever dialled", () => {
  const said = (purpose: string) => {
    const one = device(verona, { extensions: [...DEVICE, `extendedKeyUsage=${purpose}`] });
    openPair(core, {}, {}, { identity: core.identityFromPEM(one.pem) });
    return opinions([one, verona.own], root.own.certificate);
  };
  for (const purpose of ["clientAuth", "serverAuth", "clientAuth,serverAuth", "anyExtendedKeyUsage"])
    assert.equal(said(purpose), { chain: TRUSTED, initiator: TRUSTED, responder: TRUSTED });
  for (const opinion of Object.values(said("emailProtection"))) assert.match(opinion, "extendedKeyUsage does not allow this");
});

test("refuse SHA-1 and RSA under 2048 bits, at the end and in between", () => {
  assertRefused([device(verona, { hash: "sha1" }), verona.own], root.own.certificate, "weak hash");
  const weak = [device(verona, { kind: "RSA-1024" }), verona.own];
  assert.match(core.verifyChain(weak.map(derOf), core.authorities(root.own.certificate)).join(), /^weak key or curve/);
  const old = root.authority("Old", { hash: "sha1" });
  assertRefused([device(old), old.own], root.own.certificate, "weak hash");
  const small = root.authority("Small", { kind: "RSA-1024" });
  const under = [device(small), small.own].map(derOf);
  assert.match(core.verifyChain(under, core.authorities(root.own.certificate)).join(), /^weak key or curve/);
  const strong = root.authority("Strong", { kind: "RSA-2048", hash: "sha512" });
  assertTrusted([device(strong, { kind: "P-384", hash: "sha384" }), strong.own], root.own.certificate);
});

test("refuse whoever is under name constraints, which nobody can check for XMPP addresses", () => {
  const words = "issued under name constraints, which cannot be checked";
  const constrained = (extension: string) => [...AUTHORITY, `nameConstraints=${extension}`];
  const mild = root.authority("Mild", {
    extensions: constrained("permitted;DNS:.montague.example"),
  });
  assertRefused([device(mild), mild.own], root.own.certificate, words);
  for (const extension of ["permitted;DNS:.montague.example", "critical,permitted;DNS:.montague.example"]) {
    const own = OpensslCa.root("Root of Padua", {
      extensions: constrained(extension),
    });
    assertRefused([device(own)], own.own.certificate, words);
    own.dispose();
  }
});

test("cannot even read a chain with critical extensions that nobody knows", () => {
  for (const extension of ["nameConstraints=critical,permitted;DNS:.montague.example", "1.2.3.4=critical,ASN1:NULL"]) {
    const strict = root.authority("Strict", {
      extensions: [...AUTHORITY, extension],
    });
    const chain = [device(strict), strict.own].map(derOf);
    assert.is(
      codeThrownBy(() => core.verifyChain(chain, core.authorities(root.own.certificate))),
      "invalid-certificate",
    );
  }
});

test("follow eight authorities in between and not nine; a chain has ten certificates at most", () => {
  const line = [root];
  while (line.length < 11) line.push(line.at(-1)!.authority(`Under ${line.length}`));
  const under = (count: number) => [
    device(line[count]!),
    ...line
      .slice(1, count + 1)
      .map(({ own }) => own)
      .reverse(),
  ];
  assertTrusted(under(8), root.own.certificate);
  assert.match(opinions(under(9).slice(0, 9), root.own.certificate).chain, "not issued");
  const authorities = core.authorities(root.own.certificate);
  assert.equal(core.verifyChain(under(9).map(derOf), authorities), ["too far from an authority"]);
  assert.is(refusal(under(9), root.own.certificate, "initiator").split(":")[0], "certificate-refused");
  assert.is(
    codeThrownBy(() => core.verifyChain(under(10).map(derOf), authorities)),
    "invalid-certificate",
  );
  assert.is(
    codeThrownBy(() =>
      core.identityFromPEM(
        under(10)
          .map(({ pem }) => pem)
          .join(""),
      ),
    ),
    "invalid-identity",
  );
});

test.run();
