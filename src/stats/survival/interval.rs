//! Confidence intervals of a survival probability, on three scales.

use crate::support::named::named_enum;

/// Scale on which an interval is symmetric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// The probability, cut off at 0 and 1: Wald's interval with Greenwood's variance (Greenwood 1926).
    Plain,
    /// The logarithm, R's default; cut off at 1.
    Log,
    /// log(−log), the default of lifelines and SAS; always between 0 and 1 (Kalbfleisch and Prentice 1980).
    #[default]
    LogLog,
}

named_enum! { pub Scale, "区间", "interval"; Plain = "plain", Log = "log", LogLog = "log-log" }

impl Scale {
    /// Returns the interval of a `proportion` whose estimate has the `variance`.
    ///
    /// Before the first exit (1), the upper end is 1 and the lower end null, because no variance is known. After
    /// the last (0), both are null. (R and lifelines return 1 to 1 before the first exit, which claims a certainty
    /// that the data do not give.)
    pub(crate) fn ends(self, proportion: f64, variance: f64, critical_value: f64) -> (Option<f64>, Option<f64>) {
        if proportion >= 1.0 {
            return (None, Some(1.0));
        }
        if proportion <= 0.0 || variance <= 0.0 || !variance.is_finite() {
            return (None, None);
        }
        let error = variance.sqrt();
        let (low, high) = match self {
            Self::Plain => (proportion - critical_value * error, proportion + critical_value * error),
            Self::Log => {
                let wide = critical_value * error / proportion;
                (proportion * (-wide).exp(), proportion * wide.exp())
            }
            Self::LogLog => {
                let wide = critical_value * error / (proportion * proportion.ln());
                (proportion.powf((-wide).exp()), proportion.powf(wide.exp()))
            }
        };
        (Some(low.max(0.0)), Some(high.min(1.0)))
    }

    /// Returns the interval of a cumulative incidence, as the complement of the interval of the rest.
    pub(crate) fn ends_of_left(self, left: f64, variance: f64, critical_value: f64) -> (Option<f64>, Option<f64>) {
        let (low, high) = self.ends(1.0 - left, variance, critical_value);
        (high.map(|high| 1.0 - high), low.map(|low| 1.0 - low))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_certain_before_anyone_left() {
        for scale in [Scale::Plain, Scale::Log, Scale::LogLog] {
            assert_eq!(Scale::from_name(scale.name()).unwrap(), scale);
            assert_eq!(scale.ends(1.0, 0.0, 1.96), (None, Some(1.0)));
            assert_eq!(scale.ends(0.0, 0.0, 1.96), (None, None));
            assert_eq!(scale.ends_of_left(0.0, 0.0, 1.96), (Some(0.0), None));
            let (low, high) = scale.ends(0.02, 0.01, 1.96);
            assert!(low.unwrap() >= 0.0 && high.unwrap() <= 1.0);
        }
        assert!(Scale::from_name("loglog").is_err());
    }
}
