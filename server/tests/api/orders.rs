//! Orders: taken once, corrected at will, the same figures whatever the order of arrival.

mod arrival;
