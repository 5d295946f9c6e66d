/**
 * Packages that only the benchmark knows: found in bench/node_modules, where `make bench` puts
 * them, and loaded when they are used, so that everything else works without them.
 */
import { existsSync, readFileSync } from "node:fs";

/**
 * What a subject says of itself when it is a package.
 * @param name as the registry has it
 * @param says what follows the version
 */
export const packaged = (name: string, says: string) => ({
  name,
  missing: () => (isInstalled(name) ? undefined : "not installed: `make bench` does that"),
  evaluate: () => imported(name),
  version: () => `${name} ${versionOf(name)}, ${says}`,
});

export const isInstalled = (name: string): boolean => existsSync(manifest(name));

/** @returns the package's exports; the caller says what it needs of them */
export const imported = <Exports>(specifier: string): Promise<Exports> => import(specifier);

export function versionOf(name: string): string {
  const { version } = JSON.parse(readFileSync(manifest(name), "utf8")) as { version: string };
  return version;
}

const manifest = (name: string): URL => new URL(`./node_modules/${name}/package.json`, import.meta.url);
