// The commands and queries that lead to a cell: quoted for a shell, and for SQL.
const shell = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
const literal = (text) => (typeof text === "number" ? String(text) : `'${text.replaceAll("'", "''")}'`);

function options(data, problem) {
  const profile = problem.profile === "full" ? "" : ` --profile ${shell(problem.profile)}`;
  const database = data.database === "results.db" ? "" : ` --db ${shell(data.database)}`;
  return { profile, database };
}

export function commandsFor(data, cell, runs) {
  const { problem } = cell;
  const { profile, database } = options(data, problem);
  const filter = `data=${problem.data},model=${problem.model},method=${cell.method.label},level=${cell.level}`;
  const ground = `data=${problem.data},model=${problem.model}`;
  const commands = [
    ["Run it, with what it is compared with", `bench run ${shell(problem.suite)}${profile} --only ${shell(filter)}${database}`],
    ["What is done, step by step", `bench explain ${shell(`${problem.suite}/${cell.method.label}/${cell.level}`)}${profile} --only ${shell(ground)}`],
    ["Its runs by name", `bench runs ${shell(problem.suite)}${profile} --only ${shell(filter)}${database}`],
  ];
  const done = runs.find((run) => run.status === "done");
  return done ? [...commands, ["The network of one of its runs", `bench export ${done.name}${database}`]] : commands;
}

export function queriesFor(data, cell, metric) {
  const { problem } = cell;
  const words = {
    metric: metric.name, suite: problem.suite, profile: problem.profile, data: problem.data, model: problem.model,
    environment: problem.environment, method: cell.method.label, level: cell.level, against: problem.against,
    other_level: problem.dense.includes(problem.against) ? 0 : cell.level,
  };
  const filled = (text) => text.replace(/\{(\w+)\}/g, (_, name) => (name === "metric" ? words.metric : literal(words[name])));
  const wanted = Object.entries(data.sql).filter(([name]) => name !== "difference" || (problem.against && problem.against !== cell.method.label));
  return wanted.map(([, { title, text }]) => [title, filled(text)]);
}
