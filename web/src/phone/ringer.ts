/** The sound of an incoming call, made here: two short tones, every three seconds. */
export class Ringer {
  private context: AudioContext | null = null
  private timer: ReturnType<typeof setInterval> | null = null
  private notification: Notification | null = null

  ring(title: string, body: string): void {
    if (this.timer) return
    this.context = new AudioContext()
    this.burst()
    this.timer = setInterval(() => this.burst(), 3000)
    if (document.hidden && 'Notification' in window && Notification.permission === 'granted') {
      this.notification = new Notification(title, { body, tag: 'trustcart.call' })
      this.notification.onclick = () => {
        window.focus()
        this.notification?.close()
      }
    }
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer)
    void this.context?.close()
    this.notification?.close()
    this.timer = null
    this.context = null
    this.notification = null
  }

  private burst(): void {
    const { context } = this
    if (!context) return
    for (const start of [0, 0.6]) {
      const tone = context.createOscillator()
      const volume = context.createGain()
      tone.frequency.value = 440
      volume.gain.value = 0.15
      tone.connect(volume).connect(context.destination)
      tone.start(context.currentTime + start)
      tone.stop(context.currentTime + start + 0.4)
    }
  }
}
