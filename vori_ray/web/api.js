// The HTTP API. The token lives in an HttpOnly cookie: this file never sees it after sign-in.

export class ApiError extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.status = status;
    this.code = problem.code;
  }
}

// A browser sends no more than 64 KiB of what it keeps alive; a character has up to three bytes.
const KEPT_ALIVE = 20_000;

async function request(method, path, { body, headers = {} } = {}) {
  const init = { method, headers: { ...headers }, credentials: "same-origin" };
  if (body !== undefined) {
    init.headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  // A change is sent to its end though the page is left at once.
  init.keepalive = method !== "GET" && (init.body || "").length <= KEPT_ALIVE;
  const response = await fetch(path, init);
  const isJson = (response.headers.get("Content-Type") || "").includes("json");
  const answer = response.status === 204 ? null : isJson ? await response.json() : await response.text();
  if (!response.ok) throw new ApiError(response.status, isJson ? answer : { detail: answer });
  return answer;
}

export const get = (path) => request("GET", path);
export const post = (path, body = {}) => request("POST", path, { body });
export const put = (path, body) => request("PUT", path, { body });
export const patch = (path, body, version) =>
  request("PATCH", path, { body, headers: version === undefined ? {} : { "If-Match": `"${version}"` } });
export const remove = (path) => request("DELETE", path);

export const signIn = (token) => post("/api/session", { token });
export const signOut = () => remove("/api/session");

export function socketUrl(path) {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
}
