/** Runs as an MLflow file store (the layout of `mlruns/`): experiments, runs, metrics, parameters and tags as small text files. */
import { createHash } from 'node:crypto';
import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { RunView } from '../protocol/views.ts';
import type { MetricsExport } from './metricsExport.ts';
import { scalarsOf } from './scalars.ts';

const experimentName = 'critique-grpo';
/** MLflow cuts longer values off, or refuses them. */
const longestParameter = 6000;
const linesAtOnce = 100_000;
/** `RunStatus` of MLflow's service.proto. */
const statusNumbers = { running: 1, finished: 3, failed: 4, stopped: 5 } as const satisfies Record<RunView['state'], number>;

export async function writeMlflow(what: MetricsExport): Promise<(place: string) => string> {
  const { runs, folder } = what;
  const experimentId = '100000000000000001';
  const times = runs.map(({ createdAt }) => Math.floor(createdAt));
  await writeYaml(join(folder, experimentId, 'meta.yaml'), {
    artifact_location: './artifacts',
    creation_time: Math.min(...times, Number.MAX_SAFE_INTEGER),
    experiment_id: experimentId,
    last_update_time: Math.max(...times, 0),
    lifecycle_stage: 'active',
    name: experimentName,
  });
  for (const run of runs) await writeRun(what, run, experimentId, join(folder, experimentId));
  // MLflow 3 opens a file store only where it is told to.
  return (place) => `MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri ${pathToFileURL(place).href}`;
}

async function writeRun({ store, verdicts }: MetricsExport, run: RunView, experimentId: string, folder: string): Promise<void> {
  // MLflow wants 32 hexadecimal digits; the same run has the same ones in every export.
  const id = createHash('sha256').update(`${run.id}\n${run.createdAt}`).digest('hex').slice(0, 32);
  const own = join(folder, id);
  // Of an export before, into the same folder.
  await rm(join(own, 'metrics'), { recursive: true, force: true });
  const lines = new MetricLines(join(own, 'metrics'));
  let end = run.createdAt;
  for (const { step, time, values } of scalarsOf(store, run.id, verdicts)) {
    end = time;
    for (const [name, value] of Object.entries(values)) await lines.add(name, `${Math.floor(time)} ${value} ${step}\n`);
  }
  await lines.flush();
  await writeYaml(join(own, 'meta.yaml'), {
    artifact_uri: './artifacts',
    end_time: run.state === 'running' ? null : Math.floor(end),
    entry_point_name: '',
    experiment_id: experimentId,
    lifecycle_stage: 'active',
    run_id: id,
    run_name: run.name,
    run_uuid: id,
    source_name: '',
    source_type: 4,
    source_version: '',
    start_time: Math.floor(run.createdAt),
    status: statusNumbers[run.state],
    tags: [],
    user_id: '',
  });
  for (const [name, value] of parametersOf(run.config)) await writeText(join(own, 'params', fileName(name)), value.slice(0, longestParameter));
  await writeText(join(own, 'tags', 'mlflow.runName'), run.name);
  await writeText(join(own, 'tags', 'critique-grpo.run'), run.id);
  await mkdir(join(own, 'artifacts'), { recursive: true });
}

/** Appends to one file a metric, many lines at a time, so that neither files nor memory are many. */
class MetricLines {
  private readonly folder: string;
  private readonly waiting = new Map<string, string[]>();
  private count = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  async add(name: string, line: string): Promise<void> {
    const lines = this.waiting.get(name) ?? [];
    this.waiting.set(name, lines);
    lines.push(line);
    if (++this.count >= linesAtOnce) await this.flush();
  }

  async flush(): Promise<void> {
    for (const [name, lines] of this.waiting) {
      const path = join(this.folder, fileName(name));
      await mkdir(dirname(path), { recursive: true });
      await appendFile(path, lines.join(''));
    }
    this.waiting.clear();
    this.count = 0;
  }
}

/** Settings by path, e.g. `switches.nRollouts`. */
function parametersOf(settings: object, path = ''): [string, string][] {
  return Object.entries(settings).flatMap(([key, value]: [string, unknown]): [string, string][] => {
    const at = path === '' ? key : `${path}.${key}`;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return parametersOf(value, at);
    return [[at, typeof value === 'string' ? value : JSON.stringify(value ?? null)]];
  });
}

/** MLflow takes letters, digits, `_ - . / :` and blanks; a name is a path below its folder. */
function fileName(name: string): string {
  const safe = name.replace(/[^\p{L}\p{N}_\-./: ]/gu, '_');
  return safe
    .split('/')
    .map((part) => (part === '' || part === '.' || part === '..' ? '_' : part))
    .join('/');
}

async function writeYaml(path: string, values: Readonly<Record<string, string | number | null | readonly never[]>>): Promise<void> {
  // JSON values are YAML values.
  await writeText(
    path,
    Object.entries(values)
      .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
      .join(''),
  );
}

async function writeText(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
