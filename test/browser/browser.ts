/**
 * The browsers that the library is tried in: Debian's Chromium, driven by playwright-core,
 * and Debian's Firefox, driven by puppeteer-core over WebDriver BiDi. Each runs without a
 * window, on a profile that is made for it and thrown away. Knows no page.
 */

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

import { chromium } from "playwright-core";
import { launch as launchFirefox } from "puppeteer-core";

/** What both drivers have in common, and all that is needed. */
export interface Browser {
  newPage(): Promise<Tab>;
  close(): Promise<void>;
}

export interface Tab {
  /** Resolves when the page, its module scripts included, has loaded. */
  goto(url: string): Promise<unknown>;
  /** Of a JavaScript expression; waits for a promise, and carries what JSON can. */
  evaluate(expression: string): Promise<unknown>;
  close(): Promise<void>;
}

interface Installation {
  readonly executable: string;
  /** The oldest major version that is known to get through. */
  readonly oldest: number;
  launch(executablePath: string): Promise<Browser>;
}

// A browser of a test talks to nobody but the test.
const QUIETLY = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** By their Debian packages' names. */
const INSTALLATIONS = {
  chromium: {
    executable: "/usr/bin/chromium",
    oldest: 120,
    launch: (executablePath) => chromium.launch({ executablePath, args: QUIETLY, chromiumSandbox: false }),
  },
  "firefox-esr": {
    executable: "/usr/bin/firefox-esr",
    oldest: 153, // 140 loses its WebDriver BiDi connection
    launch: (executablePath) => launchFirefox({ browser: "firefox", executablePath }),
  },
} as const satisfies Record<string, Installation>;

export type BrowserName = keyof typeof INSTALLATIONS;

/** What keeps a browser from being tested here; undefined: nothing. */
export function obstacle(name: BrowserName): string | undefined {
  const { executable, oldest }: Installation = INSTALLATIONS[name];
  if (!existsSync(executable)) return `no ${name} on this machine: apt-get install --no-install-recommends ${name}`;
  const version = Number(/\d+/.exec(execFileSync(executable, ["--version"], { encoding: "utf8" }))?.[0]);
  return version < oldest ? `${name} ${version} is too old for its driver: apt-get update, then install ${oldest} or newer` : undefined;
}

export function launch(name: BrowserName): Promise<Browser> {
  const { executable, launch } = INSTALLATIONS[name];
  return launch(executable);
}
