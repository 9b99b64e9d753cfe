/** An engine that can be opened anew after its process died, behind one lasting object. */
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
} from '../engine/contract.ts';

export class ReopenableEngine implements Engine {
  private readonly open: () => Promise<Engine>;
  private current: Engine;

  private constructor(open: () => Promise<Engine>, current: Engine) {
    this.open = open;
    this.current = current;
  }

  static async open(open: () => Promise<Engine>): Promise<ReopenableEngine> {
    return new ReopenableEngine(open, await open());
  }

  /** A fresh engine with the weights the model folder has; load a state to go on from one. */
  async reopen(): Promise<void> {
    await this.current.dispose();
    this.current = await this.open();
  }

  describe(): Promise<EngineDescription> {
    return this.current.describe();
  }
  sample(request: SampleRequest, options?: CallOptions): Promise<SampleResult> {
    return this.current.sample(request, options);
  }
  forward(sequences: readonly ForwardSequence[], options?: CallOptions & { readonly weights?: WeightsName }): Promise<ForwardResult> {
    return this.current.forward(sequences, options);
  }
  forwardBackward(sequences: readonly TrainSequence[], loss: LossProgram, options?: CallOptions): Promise<ForwardBackwardResult> {
    return this.current.forwardBackward(sequences, loss, options);
  }
  optimStep(request: OptimStepRequest): Promise<OptimStepResult> {
    return this.current.optimStep(request);
  }
  saveState(folder: string): Promise<void> {
    return this.current.saveState(folder);
  }
  loadState(folder: string): Promise<void> {
    return this.current.loadState(folder);
  }
  exportWeights(folder: string, form: 'merged' | 'adapter'): Promise<void> {
    return this.current.exportWeights(folder, form);
  }
  dispose(): Promise<void> {
    return this.current.dispose();
  }
}
