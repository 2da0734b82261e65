import { useEffect, useState } from "../lib.js";

/** Whether a media query holds. */
export function useMedia(asked) {
  const [holds, setHolds] = useState(() => matchMedia(asked).matches);
  useEffect(() => {
    const media = matchMedia(asked);
    const read = () => setHolds(media.matches);
    read();
    media.addEventListener("change", read);
    return () => media.removeEventListener("change", read);
  }, [asked]);
  return holds;
}
