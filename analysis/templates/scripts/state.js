// What the reader has chosen, kept in the address behind the #, so that a copied link shows the same view.
const DEFAULTS = {
  chart: "", metric: "", across: "sparsity", scale: "auto", from: "", to: "", hide: [],
  q: "", sort: "", page: "1", rows: "50", cell: "",
  suite: [], profile: [], data: [], network: [], method: [], environment: [], is: [],
};

export const state = structuredClone(DEFAULTS);
const listeners = [];

export function onChange(listener) {
  listeners.push(listener);
}

export function tell() {
  for (const listener of listeners) listener(state);
}

export function link() {
  const words = new URLSearchParams();
  for (const [name, standard] of Object.entries(DEFAULTS)) {
    const value = state[name];
    if (Array.isArray(standard)) value.forEach((one) => words.append(name, one));
    else if (value !== standard) words.set(name, value);
  }
  return words.size ? `#view&${words}` : "#explore";
}

export function change(values) {
  Object.assign(state, values);
  history.replaceState(null, "", location.href.split("#")[0] + link());
  tell();
}

export function reset(names) {
  change(Object.fromEntries(names.map((name) => [name, structuredClone(DEFAULTS[name])])));
}

// Reads the address; a name that is not known is passed over. Whether there was a view in it.
export function restore() {
  const [lead, ...rest] = location.hash.split("&");
  if (lead !== "#view") return false;
  const words = new URLSearchParams(rest.join("&"));
  for (const [name, standard] of Object.entries(DEFAULTS)) {
    if (Array.isArray(standard)) state[name] = words.getAll(name);
    else state[name] = words.get(name) ?? standard;
  }
  tell();
  return true;
}
