/** The code of the XtlsError that an action throws; undefined when it throws nothing. */
import { XtlsError, type ErrorCode } from "../../bindings/errors.ts";

export function code(action: () => unknown): ErrorCode | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof XtlsError) return error.code;
    throw error;
  }
}
