/** The credit of an answer in its group: reward, advantage as a bar from the middle, weight. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Group, GroupMember } from '../../backend/protocol/records.ts';
import { rewardText } from './listView.ts';
import { signed } from './tokenTotals.ts';

/** Nothing where no group is shown. */
export function creditView(member: GroupMember | undefined, group: Group | null): TemplateResult | typeof nothing {
  if (group === null) return nothing;
  if (member === undefined) {
    return html`<span class="quiet not-member" title="Only members of the group train the policy.">not in the group</span>`;
  }
  const largest = Math.max(...group.members.map(({ advantage }) => Math.abs(advantage)), Number.MIN_VALUE);
  const share = (Math.abs(member.advantage) / largest) * 50;
  const side = member.advantage < 0 ? `right: 50%` : `left: 50%`;
  return html`<dl class="credit">
    <div>
      <dt>reward</dt>
      <dd>${rewardText(member.reward)}</dd>
    </div>
    <div>
      <dt>advantage</dt>
      <dd>
        <span class="bar" aria-hidden="true"
          ><span class=${member.advantage < 0 ? 'negative' : 'positive'} style="${side}; width: ${share}%"></span
        ></span>
        ${signed(member.advantage)}
      </dd>
    </div>
    <div>
      <dt title="Weight of the sequence in the loss, relative to one member of equal weights.">weight</dt>
      <dd>×${rewardText(member.weight)}</dd>
    </div>
  </dl>`;
}
