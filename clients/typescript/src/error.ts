/** What the API says of a request that it refuses (RFC 9457). */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly pointer?: string;
  readonly parameter?: string;
  readonly hint?: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
  readonly requestId?: string;
  /** After how many seconds the answer says to come again. */
  readonly retryAfter?: number | undefined;
}

/**
 * A request that did not do what it was for. `code` is for programs: one of the API's
 * or, where it gave no answer of its own, `unreachable`, `timeout` or `unexpected_answer`.
 */
export class BillhookError extends Error {
  override readonly name = "BillhookError";
  /** Of the answer; 0 where there was none. */
  readonly status: number;
  readonly code: string;
  readonly title: string;
  /** What is wrong, for people. */
  readonly detail: string;
  /** JSON Pointer of the bad member of the body. */
  declare readonly pointer?: string;
  /** Name of the bad query parameter or header. */
  declare readonly parameter?: string;
  /** What to do about it. */
  declare readonly hint?: string;
  /** All that is wrong, where there may be more than one thing. */
  declare readonly errors?: Problem["errors"];
  declare readonly requestId?: string;
  /** After how many seconds to come again. */
  declare readonly retryAfter?: number;

  constructor(problem: Problem, options?: ErrorOptions) {
    const { status, code, title, detail, pointer, parameter, hint, errors, requestId, retryAfter } = problem;
    super(`${code}: ${detail || title}${hint ? `; ${hint}` : ""}`, options);
    this.status = status;
    this.code = code;
    this.title = title;
    this.detail = detail;
    if (pointer !== undefined) this.pointer = pointer;
    if (parameter !== undefined) this.parameter = parameter;
    if (hint !== undefined) this.hint = hint;
    if (errors !== undefined) this.errors = errors;
    if (requestId !== undefined) this.requestId = requestId;
    if (retryAfter !== undefined) this.retryAfter = retryAfter;
  }
}

/** Reads the body of an answer that is not a success. */
export function problemOf(status: number, body: string): Problem {
  let said: Partial<Record<keyof Problem, unknown>> = {};
  try {
    said = Object(JSON.parse(body));
  } catch {
    // not the API's: a proxy on the way speaks HTML
  }
  if (typeof said.code === "string" && typeof said.detail === "string") return { title: "", ...said, status } as Problem;
  return unexpected(status);
}

/** An answer that is none of the API's. */
export function unexpected(status: number): Problem {
  return {
    status,
    code: "unexpected_answer",
    title: "Unexpected answer",
    detail: `the answer ${status} is not one of the API`,
    hint: "check that baseUrl is Billhook's, without /api, and what is on the way to it",
  };
}
