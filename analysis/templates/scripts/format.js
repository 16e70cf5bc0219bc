// Numbers and words as the tables of the page write them: the rules of analysis/wording.py.
const MINUS = "\u2212";
const DASH = "\u2013";
const SPACE = "\u00a0";

// Halves that are exact go to the even digit, as Python rounds: a cell reads the same wherever it stands.
function rounded(size, decimals) {
  const doubled = size * 2 ** (decimals + 1);
  if (Number.isInteger(doubled) && doubled % 2 === 1) {
    const below = Math.floor(size * 10 ** decimals);
    return ((below + (below % 2)) / 10 ** decimals).toFixed(decimals);
  }
  return size.toFixed(decimals);
}

export function number(value, decimals) {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
  const [whole, part] = rounded(Math.abs(value), decimals).split(".");
  const text = whole.replace(/\B(?=(\d{3})+$)/g, ",") + (part ? `.${part}` : "");
  return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
}

export function signed(value, decimals) {
  const text = number(value, decimals);
  return text.startsWith(MINUS) || !/[1-9]/.test(text) ? text : `+${text}`;
}

// A sparsity with as many decimals as tell it from 100 %.
export function percent(share) {
  if (share === null || !Number.isFinite(share)) return DASH;
  const kept = Math.abs(1 - share);
  const decimals = kept >= 0.02 || kept === 0 ? 1 : Math.min(6, 1 - Math.floor(Math.log10(kept * 100)));
  const text = number(share * 100, decimals);
  return (text.includes(".") ? text.replace(/\.?0+$/, "") : text) + SPACE + "%";
}

export function pValue(p) {
  if (p < 0.001) return "p < 0.001";
  return `p = ${rounded(p, p < 0.1 ? 3 : 2)}`;
}

// 1,234 as it is, 2.66 M, 1.2 T: for axes and columns of costs.
export function short(value) {
  if (value === null || !Number.isFinite(value)) return DASH;
  const size = Math.abs(value);
  if (size < 10000) return size && size < 10 ? String(Number(value.toPrecision(3))) : number(value, 0);
  const step = Math.min(Math.floor(Math.log10(size) / 3), 6);
  return Number((value / 1000 ** step).toPrecision(3)) + SPACE + ["", "k", "M", "G", "T", "P", "E"][step];
}

export function count(size, noun) {
  return `${number(size, 0)} ${size === 1 ? noun : `${noun}s`}`;
}
