// "I can't say": an answer where a scale has its grade, sent and kept as a grade is, and never one.

export const CANNOT_SAY = "cannot say"; // stands where a scale has its grade

// The button of a scale's question in what is graded; none where the protocol has no such answer.
export function cannotSayButton(holder, facet) {
  return holder.querySelector(`.cannot-say[data-facet="${facet}"]`);
}

// What was given, of a body that is sent or kept: a grade has one.
export function givenOf(body) {
  return body.grade ?? CANNOT_SAY;
}

// Where an answer goes, and what of it is sent.
export function asSent(grade) {
  return grade === CANNOT_SAY ? ["cannotSay", {}] : ["grade", { grade }];
}
