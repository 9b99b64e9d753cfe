/** The built-in requests to critics, as templates. `media/prompts` has each as a file to copy and change. */

const variables = `{#
A request to a critic, as a Jinja template. Name a copy of it as criticOptions.promptFile. It may use:
  question       the question as the data set asks it
  answer         the gold final answer
  response       the answer to be criticized
  verdict        what the verifier said of it: right, wrong or failed
  extracted      the final answer as the verifier read it; none where it found none
  demonstration  the data set's worked solution; none where it has none
  level          the problem's level
  messages       the problem's whole conversation, each with role and content
The critique must end with "Conclusion: right" or "Conclusion: wrong"; what follows [END] is cut off.
#}
`;

/** Role, question, gold answer, answer, and the demand for an examination by steps with a readable conclusion. After the paper's description. */
export const chainOfThoughtPrompt = `${variables}You are an expert of the subject. You examine the work of a student.

### Question
{{ question }}

### Right final answer
{{ answer }}

### Work of the student
{{ response }}

### Task
Write a critique of the work.
- Go through it step by step. For each step say whether it is right.
- At the first wrong step say exactly what is wrong and how to go on from there. If the work breaks off, say what is missing.
- The right final answer is for your eyes only: use it to judge the work, but do not tell it, and do not write a solution of your own.
- Judge the final answer by its value, not by its form.

End with one line, in exactly these words:
Conclusion: right [END]
or
Conclusion: wrong [END]
`;

/** For `self`, when the policy may see the gold answer, as the paper's self-critique does. */
export const selfCritiquePrompt = `${variables}You are given a question, its right final answer, and your own earlier work on it. Examine the work.

### Question
{{ question }}

### Right final answer
{{ answer }}

### Your earlier work
{{ response }}

### Task
Check the work step by step. At the first wrong step say what is wrong and how to go on from there. Do not tell the right final answer.

End with one line: "Conclusion: right [END]" or "Conclusion: wrong [END]".
`;

/** For `selfEvaluation`: no reference, the policy judges by itself. */
export const selfEvaluationPrompt = `${variables}You are given a question and your own earlier work on it. It may be right or wrong.

### Question
{{ question }}

### Your earlier work
{{ response }}

### Task
First find out by yourself whether the final answer is right: check the work step by step, and do the decisive steps again in another way.
If it is wrong, say at the first wrong step what is wrong and how to go on from there.

End with one line: "Conclusion: right [END]" or "Conclusion: wrong [END]".
`;

/** File name in `media/prompts` → template. A run file names one without copying it as `builtin:chainOfThought`. */
export const promptFiles: Readonly<Record<string, string>> = {
  'chainOfThought.jinja': chainOfThoughtPrompt,
  'selfCritique.jinja': selfCritiquePrompt,
  'selfEvaluation.jinja': selfEvaluationPrompt,
};
