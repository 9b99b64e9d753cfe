/** The engine that runs here: graphs of ours on onnxruntime, in the process that calls it. `process.ts` gives it a process of its own. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { WorkbenchError } from '../../core/errors.ts';
import type { ModelConfig } from '../../models/config.ts';
import { parameterSpecs, type LoraSpec } from '../../models/parameters.ts';
import type { ProgramModel } from '../../models/programs.ts';
import type {
  CallOptions,
  Engine,
  EngineDescription,
  ForwardBackwardResult,
  ForwardResult,
  ForwardSequence,
  LossProgram,
  OptimStepRequest,
  OptimStepResult,
  SampleRequest,
  SampleResult,
  TrainSequence,
  WeightsName,
} from '../contract.ts';
