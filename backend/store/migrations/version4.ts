/** Version 4: verdicts of another verifier on what is recorded. */
export const version4 = ``;
