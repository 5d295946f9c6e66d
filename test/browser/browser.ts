/**
 * The browsers that the library is tried in: Debian's Chromium, driven by playwright-core,
 * and Debian's Firefox, driven by puppeteer-core over WebDriver BiDi. Each runs without a
 * window, on a profile that is made for it and thrown away. Knows no page.
 */

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
    launch: (executablePath) => chromium.launch({ executablePath, args: QUIETLY, chromiumSandbox: false }),
  },
  "firefox-esr": {
    executable: "/usr/bin/firefox-esr",
    launch: (executablePath) => launchFirefox({ browser: "firefox", executablePath }),
  },
} as const satisfies Record<string, Installation>;

export type BrowserName = keyof typeof INSTALLATIONS;

export function isInstalled(name: BrowserName): boolean {
  return existsSync(INSTALLATIONS[name].executable);
}

export function launch(name: BrowserName): Promise<Browser> {
  const { executable, launch } = INSTALLATIONS[name];
  return launch(executable);
}
