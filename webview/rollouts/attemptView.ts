/** One rollout with its verdict and credit, the critiques of it, and the refinements they led to. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Critique, Group, Rollout, Verdict } from '../../backend/protocol/records.ts';
import type { Attempt, JudgedRefinement } from '../../backend/protocol/views.ts';
import { auditView, callView } from './auditView.ts';
import type { ExplorerController } from './controller.ts';
import { creditView } from './creditView.ts';
import { badge, button } from '../ui/controls.ts';
import { diffView } from '../ui/diffView.ts';
import type { ExplorerState } from './state.ts';
import { causeView, statusChip } from '../ui/statusView.ts';
import { textView, type TextSwitches } from '../ui/textView.ts';
import { critiqueKindWords } from '../ui/words.ts';

/** Characters of two texts that are compared without being asked to. */
const quicklyCompared = 20_000;

export interface AttemptContext {
  readonly state: ExplorerState;
  readonly controller: ExplorerController;
  /** Null where the group is not formed yet or not shown. */
  readonly group: Group | null;
  /** What was noticed about texts, where it is at hand. */
  readonly remarks?: Pick<Attempt, 'audits' | 'calls'>;
}

const noRemarks = { audits: [], calls: [] } as const;

export function attemptView(attempt: Attempt, outer: AttemptContext, isFocused: boolean): TemplateResult {
  const { rollout, verdict, critiques, refinements } = attempt;
  const context = { ...outer, remarks: attempt };
  const { controller, group } = context;
  const isWrong = verdict !== null && verdict.status !== 'right';
  return html`<article id="attempt-${rollout.id}" class="card ${isFocused ? 'focused' : ''}" aria-label="Rollout ${rollout.index}">
    <header>
      <h3>Rollout ${rollout.index}</h3>
      ${statusChip(verdict?.status ?? null)} ${causeView(verdict)}
      <span class="actions"
        >${isWrong ? wrongActions(rollout, critiques, isFocused, controller) : nothing} ${tokensButton(rollout.id, group, controller)}</span
      >
    </header>
    ${verdictLine(verdict, creditView(memberOf(group, rollout.id), group))}
    ${textView(rollout.id, `Answer of rollout ${rollout.index}`, rollout.completion, switchesOf(context))}
    ${critiques.map((critique) =>
      critiqueView(
        critique,
        refinements.filter(({ refinement }) => refinement.critiqueId === critique.id),
        rollout.completion,
        context,
      ),
    )}
    ${orphans(critiques, refinements).map((refinement) => refinementView(refinement, rollout.completion, context))}
  </article>`;
}

function wrongActions({ id, runId }: Rollout, critiques: readonly Critique[], isMain: boolean, controller: ExplorerController): TemplateResult {
  const edit = (): void => controller.act({ do: 'openFailure', runId, rolloutId: id });
  const compare = (): void => controller.act({ do: 'openPanel', view: { kind: 'lab', runId, rolloutId: id } });
  const words = critiques.length === 0 ? 'Write critique' : 'Edit critique';
  const compareTitle = 'Try several critics on this answer and see what the policy makes of each';
  return html`${button({ id: `edit-${id}`, words, title: 'Write to the policy what is wrong, beside its answer', isMain, onClick: edit })}
  ${button({ id: `lab-${id}`, words: 'Compare critics', title: compareTitle, onClick: compare })}`;
}

/** `answer`: the failed answer that the refinements are compared with; null when it is not at hand. */
export function critiqueView(
  critique: Critique,
  refinements: readonly JudgedRefinement[],
  answer: string | null,
  context: AttemptContext,
): TemplateResult {
  const isHuman = critique.kind === 'human';
  const isSuperseding = critique.supersedes !== null;
  const { remarks = noRemarks } = context;
  return html`<div
    role="group"
    id="critique-${critique.id}"
    class="critique ${isHuman ? 'human' : ''}"
    aria-label="Critique, ${critiqueKindWords[critique.kind]}"
  >
    <header>
      <h4>Critique</h4>
      ${badge(critiqueKindWords[critique.kind], isHuman ? { tone: 'human' } : {})} ${auditView(critique.id, remarks.audits)}
      <span class="quiet ellipsis" dir="auto" title="Author: ${critique.author}">${critique.author}</span>
      <span class="quiet">revision ${critique.revision}${isSuperseding ? ', replaces an earlier one' : ''} · ${timeText(critique.createdAt)}</span>
    </header>
    ${callView(critique, remarks.calls)}
    ${critique.text.trim() === '' ? html`<p class="quiet">No words: a plain second attempt.</p>` : textView(critique.id, 'Critique', critique.text, switchesOf(context))}
    ${
      refinements.length === 0
        ? html`<p class="quiet">No refinement answers it.</p>`
        : refinements.map((refinement) => refinementView(refinement, answer, context))
    }
  </div>`;
}

export function refinementView({ refinement, verdict }: JudgedRefinement, answer: string | null, context: AttemptContext): TemplateResult {
  const { state, controller, group, remarks = noRemarks } = context;
  const { id, runId, rolloutId } = refinement;
  const member = memberOf(group, id);
  // Words of long texts are compared when a person asks for it: seven such comparisons would take seconds.
  const isShort = answer !== null && answer.length + refinement.completion.length <= quicklyCompared;
  const showsDiff = answer !== null && isShort !== state.switches.has(`text:${id}`);
  return html`<div role="group" id="refinement-${id}" class="refinement" aria-label="Refinement">
    <header>
      <h4>Refinement</h4>
      ${statusChip(verdict?.status ?? null)} ${auditView(id, remarks.audits)}
      <span class="actions">
        ${
          answer === null
            ? nothing
            : button({ id: `text-${id}`, words: showsDiff ? 'Show text' : 'Show changes', onClick: () => controller.switch(`text:${id}`) })
        }
        ${button({
          id: `diff-${id}`,
          words: 'Open diff',
          title: "Open both answers in the editor's own diff",
          onClick: () => controller.act({ do: 'openDiff', runId, rolloutId, refinementId: id }),
        })}
        ${tokensButton(id, group, controller)}
      </span>
    </header>
    ${verdictLine(verdict, creditView(member, group))}
    ${showsDiff ? diffView(answer, refinement) : textView(id, 'Refinement', refinement.completion, switchesOf(context))}
  </div>`;
}

/** What the verifier said, and what the answer came to in its group. */
function verdictLine(verdict: Verdict | null, credit: TemplateResult | typeof nothing): TemplateResult | typeof nothing {
  if (verdict === null && credit === nothing) return nothing;
  const extracted = verdict?.extracted ?? null;
  return html`<div class="verdict-line">
    <span dir="auto">${verdict?.reason ?? ''}</span>
    ${extracted === null ? nothing : html`<span class="extracted">answer read: <code class="ellipsis" dir="auto" title=${extracted}>${extracted}</code></span>`}
    ${credit}
  </div>`;
}

function tokensButton(id: string, group: Group | null, controller: ExplorerController): TemplateResult | typeof nothing {
  if (group === null) return nothing;
  const open = (): void => controller.open({ page: 'tokens', rolloutId: id, groupId: group.id });
  return button({
    id: `tokens-${id}`,
    words: 'Tokens',
    title: 'Each token colored by its probability, advantage, pull or condition gap',
    onClick: open,
  });
}

function memberOf(group: Group | null, id: string): Group['members'][number] | undefined {
  return group?.members.find((member) => member.id === id);
}

/** Refinements of critiques that are not among those of the attempt. */
function orphans(critiques: readonly Critique[], refinements: readonly JudgedRefinement[]): readonly JudgedRefinement[] {
  const known = new Set(critiques.map(({ id }) => id));
  return refinements.filter(({ refinement }) => !known.has(refinement.critiqueId));
}

function switchesOf({ state, controller }: AttemptContext): TextSwitches {
  return { switches: state.switches, onSwitch: (name) => controller.switch(name) };
}

export function timeText(time: number): string {
  return new Date(time).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}
