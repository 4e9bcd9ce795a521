// A question to the console, answered in JSON; an error says what the server said.
export async function ask(path, body, signal) {
  const response = await fetch(path, {
    method: body === undefined ? "GET" : "POST",
    headers: { Accept: "application/json", "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal,
  }).catch((error) => {
    throw error.name === "AbortError" ? error : new Error("the server cannot be reached");
  });
  const answer = await response.json().catch(() => ({ message: response.statusText }));
  if (response.ok) return answer;
  const error = new Error(answer.message);
  error.errorId = answer.errorId;
  error.status = response.status;
  throw error;
}
