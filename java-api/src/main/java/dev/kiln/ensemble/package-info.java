/** Several models as one: averaging, voting, stacking, bagging, snapshots, weight averages. */
package dev.kiln.ensemble;
