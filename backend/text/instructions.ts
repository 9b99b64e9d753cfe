/** The words with which the policy is asked to refine or to criticize an answer, for models that follow instructions. */

/** Carries the question, the previous answer, the critique, and what to do with them. */
export function refinementRequest(question: string, answer: string, critique: string): string {
  return `You are given a question, an earlier answer to it that may be wrong, and a critique of that answer.

### Question
${question}

### Earlier answer
${answer}

### Critique
${critique}

### Task
Answer the question anew. Fix every issue that the critique raises, and keep what is right. Reason step by step. \
Give the final answer in the form that the question asks for; if it names none, put it in \\boxed{}. \
Write a complete answer of its own that mentions neither the critique nor the earlier answer.`;
}

/** Carries the role, the question, the answer, and the demand for an assessment by steps with a verdict at the end. */
export function critiqueRequest(question: string, answer: string): string {
  return `You are an expert who examines the answer of a student.

### Question
${question}

### Answer of the student
${answer}

### Task
Check the answer step by step. For each step say whether it is right; at the first wrong one say what is wrong and how to go on from there. \
Do not write a new solution. End with one line: "Verdict: right" or "Verdict: wrong".`;
}
