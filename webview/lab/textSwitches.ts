/** The switches of texts on the page of the lab. */
import type { TextSwitches } from '../ui/textView.ts';
import type { LabController } from './controller.ts';
import type { LabState } from './state.ts';

export function switchesOf({ switches }: LabState, controller: LabController): TextSwitches {
  return { switches, onSwitch: (name) => controller.switch(name) };
}
