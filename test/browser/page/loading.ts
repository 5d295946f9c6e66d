/**
 * Loading the module in a page or worker, and how it went.
 */

import { loadCore, XtlsError } from "../../../bindings/web.ts";

export interface Loading {
  /** The error's, when there was one. */
  readonly code?: string;
  readonly message?: string;
  /** Whether the browser compiled while it received. */
  readonly isStreamed: boolean;
}

/**
 * @param source address relative to the script; default: what the library finds by itself
 */
export async function load(source?: string): Promise<Loading> {
  const streaming = watchStreaming();
  try {
    const core = await loadCore(source === undefined ? undefined : new URL(source, import.meta.url));
    core.createIdentity({ jid: "juliet@capulet.example" })[Symbol.dispose]();
    return { isStreamed: streaming.wasUsed() };
  } catch (error) {
    if (!(error instanceof XtlsError)) throw error;
    return { code: error.code, message: error.message, isStreamed: streaming.wasUsed() };
  } finally {
    streaming.end();
  }
}

function watchStreaming(): { wasUsed(): boolean; end(): void } {
  const { compileStreaming } = WebAssembly;
  let calls = 0;
  WebAssembly.compileStreaming = (source) => {
    calls++;
    return compileStreaming(source);
  };
  return {
    wasUsed: () => calls > 0,
    end: () => {
      WebAssembly.compileStreaming = compileStreaming;
    },
  };
}
